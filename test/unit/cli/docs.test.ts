// Goal: docs/cli.md lists exactly the commands and options there are. Method: compare its tables, both ways, with
// what commander was told.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../../src/cli/program.ts'
import { projectRoot } from '../../support/project-root.ts'

const text = readFileSync(path.join(projectRoot, 'docs/cli.md'), 'utf8')
/** Every command that does something: of `user` its subcommands. */
const commands = createProgram().commands.flatMap((command) =>
  command.commands.length > 0 ? command.commands : [command],
)

/** `serve`, `user add` */
function nameOf(command: Command): string {
  const { parent } = command
  return parent?.parent ? `${parent.name()} ${command.name()}` : command.name()
}

/** Cells of the rows whose first cell is code. */
function rowsOf(part: string): string[][] {
  return part
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** The part of the page under a heading. */
function section(title: string): string {
  return (
    text.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? assert.fail(`no section ${title}`)
  )
}

test('the table of commands is that of the program', () => {
  const [overview = ''] = text.split(/^## /m)
  const expected = commands.map((command) => {
    const words = command.registeredArguments.map((argument) => {
      const name = argument.name().toUpperCase() + (argument.variadic ? '...' : '')
      return argument.required ? name : `[${name}]`
    })
    return [`\`${['sterna', nameOf(command), ...words].join(' ')}\``, command.description()]
  })
  assert.deepEqual(rowsOf(overview), expected)
})

test('each command has a section with its options', () => {
  for (const command of commands) {
    const documented = rowsOf(section(nameOf(command)))
      .map(([flags = '']) => flags.replaceAll('`', ''))
      .filter((flags) => flags.startsWith('--'))
    assert.deepEqual(documented.sort(), command.options.map(({ flags }) => flags).sort(), nameOf(command))
  }
})

test('every command and option says what it is for', () => {
  for (const command of commands) {
    assert.notEqual(command.description(), '', command.name())
    for (const { flags, description } of command.options) assert.notEqual(description, '', flags)
    for (const argument of command.registeredArguments)
      assert.notEqual(argument.description, '', argument.name())
  }
})

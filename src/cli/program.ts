import { Command } from 'commander'
import { VERSIONS } from '../version.ts'
import { addAdopt } from './adopt.ts'
import { addBackup, addRestore } from './backup.ts'
import { addCheck } from './check.ts'
import { addCompact, addCompaction } from './compact.ts'
import { addConfigure } from './configure.ts'
import { addDescribe } from './describe.ts'
import { addDrop } from './drop.ts'
import { addExplain } from './explain.ts'
import { CommandError, failureLine } from './failure.ts'
import { addFlush } from './flush.ts'
import { addGet } from './get.ts'
import { addHistory, addRollback } from './history.ts'
import { addLs } from './ls.ts'
import { addPut } from './put.ts'
import { addQuery } from './query.ts'
import { addRepair } from './repair.ts'
import { addRetention } from './retention.ts'
import { addRollup } from './rollup.ts'
import { addServe } from './serve.ts'
import { addStats } from './stats.ts'
import { addUser } from './user.ts'
import { addVersion } from './version.ts'

/** The command line of `sterna`. Parsing it rejects with whatever a command throws, or a CommanderError. */
export function createProgram(): Command {
  const program = new Command('sterna')
    .description('An Apache Arrow Flight data server for time series')
    .version(VERSIONS.sterna, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`${usageLine(text)}\n`),
    })
    .addHelpText('after', EXAMPLES)
  const commands = [
    addServe,
    addPut,
    addAdopt,
    addGet,
    addQuery,
    addExplain,
    addLs,
    addDescribe,
    addStats,
    addDrop,
    addFlush,
    addCompact,
    addCompaction,
    addRetention,
    addConfigure,
    addRollup,
    addHistory,
    addRollback,
    addBackup,
    addRestore,
    addCheck,
    addRepair,
    addUser,
    addVersion,
  ]
  for (const add of commands) add(program)
  return program
}

/** What commander says of a mistake, in the form of all other errors. */
function usageLine(text: string): string {
  return failureLine(new CommandError('USAGE', text.replace(/^error: /, '').replace(/\.\s*$/, '')))
}

const EXAMPLES = `
Examples:
  sterna serve --data-dir ./data
  sterna put trades_20260203.csv quotes.parquet
  sterna query "SELECT count(*) FROM trades_20260203"
  sterna get trades_20260203 --output trades.parquet`

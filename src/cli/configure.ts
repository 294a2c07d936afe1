import { type Command, InvalidArgumentError } from 'commander'
import { alignFacts, isObject, optionFacts } from './describe.ts'
import { addServerOption, callAction, type ServerOptions, withClient } from './server-connection.ts'

interface ConfigureOptions extends ServerOptions {
  readonly schema: string
}

type Options = Record<string, unknown>

/** `sterna configure KEY [OPTION...]` */
export function addConfigure(program: Command): void {
  addServerOption(
    program
      .command('configure')
      .description('tell a dataset other options, and show all that it has')
      .argument('<key>', 'the dataset')
      .argument(
        '[option...]',
        'name=value, name.field=value, or name= to take one away; lists are JSON',
        (text: string, options?: Options) => withOption(options ?? {}, text),
      )
      .option('--schema <name>', 'schema of the dataset', 'main'),
  ).action(configure)
}

/** @param changes - an empty list where there are none: that is how commander says so */
async function configure(
  key: string,
  changes: Options | readonly never[],
  options: ConfigureOptions,
): Promise<void> {
  const body = { key, schema: options.schema, options: Array.isArray(changes) ? {} : changes }
  const told = (await withClient(options, (client) => callAction(client, 'configure', body))) as {
    readonly options: Options
  }
  const facts = optionFacts(told.options)
  console.log(facts.length === 0 ? `${key} has no options` : alignFacts(facts).join('\n'))
}

/** @throws InvalidArgumentError, which commander reports as a usage error */
function withOption(options: Options, text: string): Options {
  const [, name, field, value] = /^([a-z_]+)(?:\.([a-z_]+))?=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError(`Expected name=value or name.field=value, not "${text}".`)
  }
  if (field === undefined) return { ...options, [name]: valueOf(value) }
  const known = options[name]
  return { ...options, [name]: { ...(isObject(known) && known), [field]: valueOf(value) } }
}

/** Numbers, lists and objects as JSON has them; nothing is null; all else is text. */
function valueOf(text: string): unknown {
  if (text === '') return null
  if (!/^(?:[[{]|-?\d+(?:\.\d+)?$|true$|false$)/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidArgumentError(`Expected JSON, not "${text}".`)
  }
}

import type { Command } from 'commander'
import { VERSIONS } from '../version.ts'
import { alignFacts } from './describe.ts'

/** `sterna version` */
export function addVersion(program: Command): void {
  program
    .command('version')
    .description('print the versions of Sterna and its engines')
    .action(() => console.log(alignFacts(Object.entries(VERSIONS)).join('\n')))
}

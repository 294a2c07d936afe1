import type { Command } from 'commander'
import { loadConfig } from '../config/config.ts'
import { countOf } from './progress.ts'

interface RepairOptions {
  readonly dataDir?: string
  readonly config?: string
}

/** `sterna repair` */
export function addRepair(program: Command): void {
  program
    .command('repair')
    .description('rebuild the catalog from parts and logs, while no server runs')
    .option('--data-dir <directory>', 'directory of the lake (default: ./data)')
    .option('--config <file>', 'TOML file with the settings of the server')
    .action(repairLake)
}

async function repairLake({ config: file, ...flags }: RepairOptions): Promise<void> {
  const { dataDir } = loadConfig({ file, env: process.env, flags })
  // Loaded here: the other commands start without the store.
  const { repair } = await import('../store/repair.ts')
  const { datasets, parts, quarantined } = await repair(dataDir)
  for (const { name, reason } of quarantined) console.log(`${name}: moved to quarantine: ${reason}`)
  console.log(
    `${countOf(datasets, 'dataset')} of ${countOf(parts, 'part')} recovered, ${quarantined.length} quarantined`,
  )
}

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runPython } from './python.ts'

const WRITE = `
import sys, pyarrow as pa, pyarrow.parquet as pq
for n in range(2):
    pq.write_table(pa.table({"n": pa.array(range(n * 5, n * 5 + 5), pa.int64())}), f"{sys.argv[1]}/{n}.parquet")
`

/** Has pyarrow write the numbers from 0 to 9 to two Parquet files. @returns their paths, in the order of their rows */
export async function writeNumberFiles(folder: string): Promise<string[]> {
  const program = join(folder, 'write.py')
  await writeFile(program, WRITE)
  await runPython(program, [folder])
  return ['0.parquet', '1.parquet'].map((name) => join(folder, name))
}

/** Libraries of Maven Central, for tests with programs on the JVM. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from './project-root.ts'

const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/**
 * The folder of the libraries that a pom names. It outlives a run, and is another one for another pom.
 *
 * @param name - what the folder is called
 */
export async function jarsOf(pom: string, name: string): Promise<string> {
  const stamp = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 16)
  const folder = join(projectRoot, 'node_modules', '.cache', `${name}-${stamp}`)
  try {
    await access(folder)
  } catch {
    const unfinished = `${folder}.${process.pid}`
    await runTool('mvn', ['-q', '-B', '-f', pom, copyGoal, `-DoutputDirectory=${unfinished}`])
    await rename(unfinished, folder)
  }
  return folder
}

/** Runs a program of a JDK, or Maven, to its end. */
export async function runTool(program: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, args, { timeout: 600_000 })
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    assert.fail(
      isMissing ? 'This test needs Maven and Java 17 on the PATH' : `${program} failed: ${String(error)}`,
    )
  }
}

import { Worker } from 'node:worker_threads'

const IS_SOURCE = import.meta.url.endsWith('.ts')

/** Starts a thread that runs `worker.ts`: compiled where this file is, else as source. */
export function startWorkerThread(): Worker {
  const url = new URL(IS_SOURCE ? './worker.ts' : './worker.js', import.meta.url)
  return new Worker(
    url,
    IS_SOURCE && !('typescript' in process.features) ? { execArgv: loaderArguments() } : {},
  )
}

/** Tests run the sources under tsx, whose loader does not reach into the threads of Node 20 by itself. */
function loaderArguments(): string[] {
  const register = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register()`
  return ['--import', `data:text/javascript,${encodeURIComponent(register)}`]
}

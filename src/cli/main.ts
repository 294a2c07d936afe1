import { isClosedPipe, reportFailure } from './failure.ts'
import { createProgram } from './program.ts'

// Whoever writes there learns of it as well, and cleans up; without a listener the process would end before that.
process.stdout.on('error', (error) => {
  if (!isClosedPipe(error)) throw error
})

try {
  await createProgram().parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error)
}

import { SternaError } from '../../errors.ts'
import { nodeOf, nodesOf, type Node } from './tree.ts'

/**
 * Which argument of a function sets the size of its result. DuckDB makes the values of a text or list outside its
 * memory limit, and cannot be interrupted while it does: `repeat('x', 4000000000)` takes 4 GB at once. Only
 * constants are checked; sizes that come from data are bounded by those who watch the memory of the process.
 */
const SIZE_ARGUMENTS: Readonly<Record<string, number>> = {
  array_resize: 1,
  list_resize: 1,
  lpad: 1,
  repeat: 1,
  rpad: 1,
}

/** One value of 10 million characters or elements: 10 to 80 MB. */
const SIZE_MAX = 10_000_000

/**
 * @throws {@link SternaError} LIMIT_EXCEEDED where a call would make one value of more than SIZE_MAX characters
 * or elements.
 */
export function assertSizes(functionName: string, inputs: readonly Node[]): void {
  const size = sizeOf(functionName, inputs)
  if (size <= SIZE_MAX) return
  throw new SternaError(
    'LIMIT_EXCEEDED',
    `${functionName}() would make a value of ${size} elements; at most ${SIZE_MAX} are allowed`,
  )
}

function sizeOf(functionName: string, inputs: readonly Node[]): number {
  if (functionName === 'range' || functionName === 'generate_series') {
    const bounds = inputs.map(constantOf).filter((bound) => bound !== undefined)
    if (bounds.length < inputs.length) return 0
    const [first = 0, second, step = 1] = bounds
    const length = second === undefined ? first : second - first
    return step === 0 ? 0 : length / step
  }
  const index = Object.hasOwn(SIZE_ARGUMENTS, functionName) ? SIZE_ARGUMENTS[functionName] : undefined
  const input = index === undefined ? undefined : inputs[index]
  return input === undefined ? 0 : (constantOf(input) ?? 0)
}

/** The number that an argument surely is; undefined for what only running tells. */
function constantOf(node: Node): number | undefined {
  const child = nodeOf(node, 'child')
  if (node['class'] === 'CAST' && child !== undefined) return constantOf(child)
  const [operand, ...others] = nodesOf(node, 'children')
  if (node['function_name'] === '-' && operand !== undefined && others.length === 0) {
    const value = constantOf(operand)
    return value === undefined ? undefined : -value
  }
  const value = node['class'] === 'CONSTANT' ? nodeOf(node, 'value')?.['value'] : undefined
  return typeof value === 'number' ? value : undefined
}

import { useMutation } from '@tanstack/vue-query'
import { ElMessage } from 'element-plus'
import { queries } from '@/app/queries'
import { showProblem } from './problems'

interface Change<Input, Output> {
  /** Does it. */
  run: (input: Input) => Promise<Output>
  /** The kinds of queries that are stale then: the first parts of their keys. */
  touches?: string[]
  /** What is said when it has worked. */
  done?: (output: Output, input: Input) => string | void
  then?: (output: Output, input: Input) => void
  /** Returns true where it has shown the problem itself. */
  failed?: (thrown: unknown, input: Input) => boolean | void
}

/** A change of something on the server: it says that it worked, shows the problem if not, and makes lists be read again. */
export function useChange<Input = void, Output = unknown>(change: Change<Input, Output>) {
  return useMutation({
    mutationFn: change.run,
    onSuccess: (output, input) => {
      for (const kind of change.touches ?? []) void queries.invalidateQueries({ queryKey: [kind] })
      const words = change.done?.(output, input)
      if (words) ElMessage({ type: 'success', message: words })
      change.then?.(output, input)
    },
    onError: (thrown, input) => {
      if (!change.failed?.(thrown, input)) showProblem(thrown)
    },
  })
}

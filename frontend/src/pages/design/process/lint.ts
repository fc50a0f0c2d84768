import { onScopeDispose, ref, shallowRef } from 'vue'
import { api, data } from '@/api/client'
import { ProblemError } from '@/api/problem'
import type { Finding } from '../designs'

export interface Problem extends Finding {
  severity: 'error' | 'warning'
}

/** What the rules of the server say of a model that is being drawn; asked when drawing has paused. */
export function useLint(id: () => string | undefined, content: () => Promise<string>, pause = 700) {
  const problems = shallowRef<Problem[]>([])
  const state = ref<'unknown' | 'checking' | 'checked' | 'failed'>('unknown')
  let timer = 0
  let running: AbortController | null = null

  async function check() {
    const design = id()
    if (!design) return
    running?.abort()
    const mine = new AbortController()
    running = mine
    state.value = 'checking'
    try {
      const body = { content: await content() }
      const verdict = await data(api.POST('/api/v1/designs/{id}/validate', { params: { path: { id: design } }, body, signal: mine.signal }))
      problems.value = verdict.warnings.map((w) => ({ ...w, severity: 'warning' }))
      state.value = 'checked'
    } catch (thrown) {
      if (mine.signal.aborted) return
      const refused = thrown instanceof ProblemError && thrown.status === 422
      if (refused) problems.value = (thrown.errors as Finding[]).map((e) => ({ ...e, severity: 'error' }))
      state.value = refused ? 'checked' : 'failed'
    }
  }
  function later() {
    clearTimeout(timer)
    timer = window.setTimeout(check, pause)
  }
  onScopeDispose(() => {
    clearTimeout(timer)
    running?.abort()
  })
  return { problems, state, check, later }
}

import { ref, watch, type Ref } from 'vue'
import { onBeforeRouteLeave } from 'vue-router'
import { api, data, type Schemas } from '@/api/client'
import { asProblem } from '@/api/problem'
import { queries } from '@/app/queries'

const delay = 2000

/** Keeps what is filled in on the server, two seconds after the last change, and when the page is left. */
export function useDraft(processKey: Ref<string>) {
  const draft = ref<Schemas['Draft']>()
  const state = ref<'none' | 'saving' | 'saved' | 'failed'>('none')
  let timer = 0
  let waiting: Record<string, unknown> | null = null
  let over = false

  async function save() {
    clearTimeout(timer)
    const values = waiting
    waiting = null
    if (!values || over) return
    state.value = 'saving'
    try {
      if (!draft.value) draft.value = await data(api.POST('/api/v1/drafts', { body: { processKey: processKey.value, values } }))
      else
        draft.value = await data(
          api.PUT('/api/v1/drafts/{id}', { params: { path: { id: draft.value.id }, header: { 'If-Match': `"${draft.value.version}"` } }, body: { values } }),
        )
      state.value = 'saved'
      void queries.invalidateQueries({ queryKey: ['drafts'] })
    } catch (thrown) {
      state.value = 'failed'
      const { status } = asProblem(thrown)
      if (status === 404 || status === 412) draft.value = undefined // it is gone, or somebody else's tab has written it
    }
  }
  function change(values: Record<string, unknown>) {
    waiting = values
    clearTimeout(timer)
    timer = window.setTimeout(() => void save(), delay)
  }
  async function load(id: string) {
    draft.value = await data(api.GET('/api/v1/drafts/{id}', { params: { path: { id } } }))
    return draft.value
  }
  /** After the start nothing is to be kept any more. */
  async function discard() {
    over = true
    clearTimeout(timer)
    const d = draft.value
    if (!d) return
    await data(api.DELETE('/api/v1/drafts/{id}', { params: { path: { id: d.id }, header: { 'If-Match': `"${d.version}"` } } })).catch(() => null)
    void queries.invalidateQueries({ queryKey: ['drafts'] })
  }
  onBeforeRouteLeave(() => void save())
  watch(processKey, () => (draft.value = undefined))
  return { draft, state, change, load, discard, save }
}

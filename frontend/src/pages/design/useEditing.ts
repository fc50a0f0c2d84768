import { ElMessage } from 'element-plus'
import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from 'vue'
import { onBeforeRouteLeave, onBeforeRouteUpdate, useRouter } from 'vue-router'
import { api, tagged } from '@/api/client'
import { asProblem, type ProblemError } from '@/api/problem'
import { i18n } from '@/app/i18n'
import { queries } from '@/app/queries'
import { ask, confirm } from '@/ui/confirm'
import { showProblem } from '@/ui/problems'
import { pathOf, readDesign, type Design, type Kind } from './designs'
import { useLint } from './process/lint'

const t = i18n.global.t

interface Editor {
  kind: Kind
  key: Ref<string>
  /** What is drawn, as it is to be saved. */
  content: () => Promise<string>
  /** Draws what the server has. */
  show: (content: string) => Promise<void>
  /** Tells the editor that what it shows is what is kept. */
  kept?: () => void
}
export interface Conflict {
  mine: string
  theirs: Design
  comment: string
}

/** A design that is being edited: read once, checked by the server's rules, saved under its ETag with a comment, and not lost by going away. */
export function useEditing(editor: Editor) {
  const design = shallowRef<Design>()
  const problem = shallowRef<ProblemError | null>(null)
  const unsaved = ref(false)
  const saving = ref(false)
  const conflict = shallowRef<Conflict | null>(null)
  const router = useRouter()
  const lint = useLint(() => design.value?.id, editor.content)
  const errors = computed(() => lint.problems.value.filter((p) => p.severity === 'error').length)
  let etag = ''

  function take(read: { data: Design; etag: string }) {
    design.value = read.data
    etag = read.etag
    unsaved.value = false
    queries.setQueryData(['design', editor.kind, editor.key.value], read)
  }
  async function load() {
    problem.value = null
    try {
      const read = await readDesign(editor.kind, editor.key.value)
      take(read)
      await editor.show(read.data.content ?? '')
      editor.kept?.()
    } catch (thrown) {
      problem.value = asProblem(thrown)
    }
  }
  async function put(content: string, comment: string, match: string) {
    saving.value = true
    try {
      const id = design.value!.id
      take(await tagged(api.PUT('/api/v1/designs/{id}', { params: { path: { id }, header: { 'If-Match': match } }, body: { content, comment } })))
      editor.kept?.()
      unsaved.value = false
      conflict.value = null
      void queries.invalidateQueries({ queryKey: ['designs'] })
      void queries.invalidateQueries({ queryKey: ['design-versions'] })
      ElMessage({ type: 'success', message: t('design.save.done', { version: design.value!.version }) })
      return true
    } catch (thrown) {
      if (asProblem(thrown).status !== 412) showProblem(thrown)
      else conflict.value = { mine: content, theirs: (await readDesign(editor.kind, editor.key.value)).data, comment }
      return false
    } finally {
      saving.value = false
    }
  }
  /** Asks for a comment and saves; false where that was not to be. */
  async function save(): Promise<boolean> {
    if (!design.value || saving.value) return false
    const comment = await ask({ title: t('design.save.title'), text: t('design.save.comment'), action: t('ui.save') })
    if (comment === null) return false
    return put(await editor.content(), comment, etag)
  }
  /** Saves what is not saved, and goes on to the publication. */
  async function publish() {
    if (unsaved.value && !(await save())) return
    void router.push(pathOf(editor.kind, editor.key.value, '/publish'))
  }
  /** Ends a conflict: what I have drawn becomes the next version, or what the others saved is shown. */
  async function settle(mine: boolean) {
    const c = conflict.value
    if (!c) return
    if (mine) {
      await put(c.mine, c.comment, `"${c.theirs.version}"`)
      return
    }
    conflict.value = null
    await load()
  }
  const leave = async () => !unsaved.value || confirm({ title: t('design.leave.title'), text: t('design.leave.text'), action: t('design.leave.action'), dangerous: true })
  const warn = (e: BeforeUnloadEvent) => unsaved.value && e.preventDefault()
  const keys = (e: KeyboardEvent) => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 's') {
      e.preventDefault()
      void save()
    }
  }
  onMounted(() => {
    window.addEventListener('beforeunload', warn)
    window.addEventListener('keydown', keys)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('beforeunload', warn)
    window.removeEventListener('keydown', keys)
  })
  watch(editor.key, () => void load(), { immediate: true })
  onBeforeRouteLeave(leave)
  onBeforeRouteUpdate(async (to, from) => to.path === from.path || leave())
  return { design, problem, unsaved, saving, conflict, lint, errors, load, save, publish, settle }
}

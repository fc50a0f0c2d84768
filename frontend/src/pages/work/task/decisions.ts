import { ElNotification, type NotificationHandle } from 'element-plus'
import { h } from 'vue'
import { api, data, uuid, type Schemas } from '@/api/client'
import { accessToken } from '@/api/token'
import { i18n } from '@/app/i18n'
import { queries } from '@/app/queries'
import { showProblem } from '@/ui/problems'
import type { Task } from '../data'
import { forgetOpinion } from './opinions'

const t = i18n.global.t
type Body = Schemas['Completion']

interface Pending {
  task: Pick<Task, 'id' | 'name'>
  body: Body
  key: string
  timer: number
  toast: NotificationHandle
  restore: () => void
}

/** How long a decision may be taken back before it is sent. */
export const undoTime = 5000
const pending = new Map<string, Pending>()
const kinds = ['tasks', 'home', 'task', 'instance', 'instances', 'unread']
const refresh = () => kinds.forEach((kind) => void queries.invalidateQueries({ queryKey: [kind] }))

interface TaskPage {
  items: Task[]
}

/** Takes a task out of every list that is shown; the answer puts the lists back as they were. */
export function removeFromLists(id: string): () => void {
  const before = queries.getQueriesData<TaskPage>({ queryKey: ['tasks'] })
  void queries.cancelQueries({ queryKey: ['tasks'] })
  queries.setQueriesData<TaskPage>({ queryKey: ['tasks'] }, (page) => (page?.items ? { ...page, items: page.items.filter((task) => task.id !== id) } : page))
  return () => before.forEach(([key, page]) => queries.setQueryData(key, page))
}

async function post(id: string, body: Body, key: string) {
  return data(api.POST('/api/v1/tasks/{id}/complete', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body }))
}

/** Completes a task at once. Throws the problem. */
export async function completeNow(task: Pick<Task, 'id'>, body: Body) {
  const back = removeFromLists(task.id)
  try {
    const answer = await post(task.id, body, uuid())
    forgetOpinion(task.id)
    return answer
  } catch (thrown) {
    back()
    throw thrown
  } finally {
    refresh()
  }
}

/** Completes a task in five seconds, until when it can be undone. The row leaves at once and comes back where it fails. */
export function completeLater(task: Pick<Task, 'id' | 'name'>, body: Body, words: string, undone?: (id: string) => void) {
  const restore = removeFromLists(task.id)
  const undo = () => {
    const p = pending.get(task.id)
    if (!p) return
    clearTimeout(p.timer)
    pending.delete(task.id)
    p.toast.close()
    p.restore()
    undone?.(task.id)
  }
  const toast = ElNotification({
    type: 'success',
    title: words,
    duration: undoTime,
    offset: 56,
    showClose: false,
    customClass: 'undo-toast',
    message: h('div', { class: 'row' }, [h('span', { class: 'grow clip' }, task.name), h('button', { type: 'button', class: 'undo', onClick: undo }, t('work.undo'))]),
  })
  const timer = window.setTimeout(() => void send(task.id), undoTime)
  pending.set(task.id, { task, body, key: uuid(), timer, toast, restore })
}

async function send(id: string) {
  const p = pending.get(id)
  if (!p) return
  pending.delete(id)
  try {
    await post(id, p.body, p.key)
    forgetOpinion(id)
  } catch (thrown) {
    p.restore()
    showProblem(thrown)
  } finally {
    refresh()
  }
}

// Who leaves has decided: what waits is sent while the page goes away.
window.addEventListener('pagehide', () => {
  for (const [id, p] of pending) {
    clearTimeout(p.timer)
    void fetch(`/api/v1/tasks/${id}/complete`, {
      method: 'POST',
      keepalive: true,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${accessToken()}`, 'Idempotency-Key': p.key },
      body: JSON.stringify(p.body),
    })
  }
  pending.clear()
})

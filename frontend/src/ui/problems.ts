import { ElNotification } from 'element-plus'
import { h } from 'vue'
import { i18n } from '@/app/i18n'
import { asProblem } from '@/api/problem'

const t = i18n.global.t

/** What to do about a problem, in words: what the code or the status says a person can do. */
export function wayOn(status: number, retryAfter: number): string {
  if (status === 409) return t('ui.problem.conflict')
  if (status === 412) return t('ui.problem.stale')
  if (status === 423) return t('ui.problem.locked')
  if (status === 429 || status === 503) return t('ui.problem.busy', { seconds: retryAfter || 5 })
  return ''
}

/** Shows what went wrong in a change: title, detail, a way on, and the trace id to quote. */
export function showProblem(thrown: unknown) {
  const p = asProblem(thrown)
  const lines = [p.detail, ...p.errors.slice(0, 3).map((e) => [e.pointer, e.detail ?? e.code].filter(Boolean).join('  ')), wayOn(p.status, p.retryAfter)]
  ElNotification({
    type: 'error',
    title: p.title || t(p.status === 0 ? 'ui.problem.offline' : 'ui.problem.unknown'),
    message: h('div', [
      ...lines.filter(Boolean).map((line) => h('p', line)),
      p.traceId ? h('p', { style: 'font-size:12px;margin-top:4px;word-break:break-all' }, [t('ui.problem.trace') + ' ', h('code', p.traceId)]) : null,
    ]),
    duration: 8000,
    offset: 56,
  })
}

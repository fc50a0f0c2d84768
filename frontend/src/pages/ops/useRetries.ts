import { i18n } from '@/app/i18n'
import { api, data, type Schemas } from '@/api/client'
import { ask } from '@/ui/confirm'
import { useChange } from '@/ui/useChange'

/** Says how often a job may still be tried, after asking for the number. */
export function useRetries() {
  const t = i18n.global.t
  const set = useChange({
    run: ({ id, retries }: { id: string; retries: number }) => data(api.POST('/api/v1/jobs/{id}/retries', { params: { path: { id } }, body: { retries } })),
    touches: ['instance', 'jobs', 'incidents'],
    done: () => t('ops.jobs.retriesSet'),
  })
  async function change(job: Schemas['Job']) {
    const text = await ask({ title: t('ops.jobs.setRetries'), text: t('ops.jobs.setRetriesText'), action: t('ui.save'), value: String(Math.max(1, job.retries)), required: true })
    const retries = Number(text)
    if (text !== null && Number.isInteger(retries) && retries >= 0) set.mutate({ id: job.id, retries })
  }
  return { change, busy: set.isPending }
}

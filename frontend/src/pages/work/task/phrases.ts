import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { api, data, tagged } from '@/api/client'
import { i18n } from '@/app/i18n'
import { useChange } from '@/ui/useChange'

/** 常用语: what a person writes again and again. His own are kept with his account, before those that everybody has. */
export function usePhrases() {
  const { t } = i18n.global
  const kept = useQuery({ queryKey: ['phrases'], queryFn: ({ signal }) => tagged(api.GET('/api/v1/me/phrases', { signal })), staleTime: 5 * 60_000 })
  const own = computed(() => kept.data.value?.data.items ?? [])
  const usual = computed(() => ['agree', 'asDiscussed', 'addDetails', 'overBudget'].map((k) => t(`work.phrases.usual.${k}`)))
  const all = computed(() => [...new Set([...own.value, ...usual.value])])
  const write = useChange<string[]>({
    run: (items) => data(api.PUT('/api/v1/me/phrases', { params: { header: { 'If-Match': kept.data.value?.etag } }, body: { items } })),
    touches: ['phrases'],
    failed: () => void kept.refetch(), // another page may have changed them: the next try is of what is there now
  })
  return { kept, own, all, write }
}

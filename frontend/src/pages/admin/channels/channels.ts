import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { api, data, type Schemas } from '@/api/client'

export type Channel = Schemas['Channel']
export const channelKinds = ['mail', 'webhook', 'dingtalk', 'wecom', 'feishu'] as const

/** The words of notifications: their kinds, their languages, and the fields that they may name. */
export function useTemplates() {
  const query = useQuery({ queryKey: ['templates-of-notifications'], queryFn: ({ signal }) => data(api.GET('/api/v1/notification-templates', { signal })), staleTime: 60_000 })
  const kinds = computed(() => [...new Set((query.data.value?.items ?? []).map((w) => w.kind))])
  return { query, kinds }
}

/** A secret of Standard Webhooks: whsec_ and the base64 of 32 random bytes. */
export function freshSecret(): string {
  return 'whsec_' + btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
}

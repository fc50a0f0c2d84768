import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { api, data, type Schemas } from '@/api/client'

export type NodeStatistics = Schemas['NodeStatistics']

/** How a process, or one version of it, has gone in the last days. */
export const useStatistics = (key: Ref<string>, definition: Ref<string | undefined>, days: Ref<number>) =>
  useQuery({
    queryKey: ['instances', 'statistics', key, definition, days],
    queryFn: ({ signal }) => data(api.GET('/api/v1/processes/{key}/statistics', { params: { path: { key: key.value }, query: { definitionId: definition.value || undefined, days: days.value } }, signal })),
    enabled: computed(() => Boolean(key.value)),
    refetchInterval: 20_000,
  })

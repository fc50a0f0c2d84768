import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { api, data } from '@/api/client'
import type { Design } from './designs'

/** The content of one version of a design; versions never change. */
export function useVersion(design: Ref<Design | undefined>, version: Ref<number>) {
  return useQuery({
    queryKey: ['design-version', computed(() => design.value?.id), version],
    enabled: computed(() => Boolean(design.value) && version.value > 0),
    staleTime: Infinity,
    queryFn: ({ signal }) => data(api.GET('/api/v1/designs/{id}/versions/{version}', { params: { path: { id: design.value!.id, version: String(version.value) } }, signal })),
  })
}

/** What is another between two versions, and which running instances a publication concerns. */
export function useDiff(design: Ref<Design | undefined>, from: Ref<number>, to: Ref<number>) {
  return useQuery({
    queryKey: ['design-diff', computed(() => design.value?.id), from, to],
    enabled: computed(() => Boolean(design.value) && to.value > 0),
    queryFn: ({ signal }) => data(api.GET('/api/v1/designs/{id}/diff', { params: { path: { id: design.value!.id }, query: { from: from.value || undefined, to: to.value } }, signal })),
  })
}

import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { api, data } from '@/api/client'
import { namesOf, useModel } from './queries'

/** What the page of an instance shows, each kind read by itself. */
export function useInstance(id: Ref<string>) {
  const path = computed(() => ({ path: { id: id.value } }))
  const part = <T>(name: string, read: (signal: AbortSignal) => Promise<T>) =>
    useQuery({ queryKey: ['instance', id, name], queryFn: ({ signal }) => read(signal), refetchInterval: 20_000 })
  const instance = part('detail', (signal) => data(api.GET('/api/v1/instances/{id}', { params: path.value, signal })))
  const variables = part('variables', (signal) => data(api.GET('/api/v1/instances/{id}/variables', { params: path.value, signal })))
  const visits = part('activity', (signal) => data(api.GET('/api/v1/instances/{id}/activity', { params: path.value, signal })))
  const model = useModel(computed(() => instance.data.value?.definitionId))
  const names = computed(() => namesOf(model.data.value))
  const name = (node: string) => names.value(node)
  return { id, instance, variables, visits, model, name }
}

export type InstanceParts = ReturnType<typeof useInstance>

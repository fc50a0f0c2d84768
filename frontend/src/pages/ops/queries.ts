import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { api, data, type Schemas } from '@/api/client'

export type Instance = Schemas['Instance']
export type Definition = Schemas['Definition']

/** Everything of the API by pages, up to a number of rows. */
export async function everything<Row>(read: (cursor: string | undefined) => Promise<{ items: Row[]; nextCursor?: string }>, most = 1000): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const page = await read(cursor)
    rows.push(...page.items)
    cursor = page.nextCursor
  } while (cursor && rows.length < most)
  return rows
}

/** The latest versions of all processes. */
export const useProcesses = () =>
  useQuery({
    queryKey: ['definitions', 'latest'],
    queryFn: ({ signal }) => everything((cursor) => data(api.GET('/api/v1/definitions', { params: { query: { latest: true, limit: 100, cursor } }, signal }))),
    staleTime: 60_000,
  })

/** The versions of a process, the newest first. */
export const useVersions = (key: Ref<string>) =>
  useQuery({
    queryKey: ['definitions', 'versions', key],
    queryFn: ({ signal }) => everything((cursor) => data(api.GET('/api/v1/definitions', { params: { query: { key: key.value, limit: 100, cursor } }, signal }))),
    enabled: computed(() => Boolean(key.value)),
    select: (list: Definition[]) => [...list].sort((a, b) => b.version - a.version),
  })

/** The model of a definition. It never changes. */
export const useModel = (id: Ref<string | undefined>) =>
  useQuery({
    queryKey: ['model', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/definitions/{id}/xml', { params: { path: { id: id.value! } }, parseAs: 'text', signal })) as Promise<string>,
    enabled: computed(() => Boolean(id.value)),
    staleTime: Infinity,
  })

/** Names of the nodes and flows of a model, by id; where there is none, the id. */
export function namesOf(xml: string | undefined): (id: string) => string {
  const names = new Map<string, string>()
  if (xml) {
    const document = new DOMParser().parseFromString(xml, 'application/xml')
    for (const element of document.querySelectorAll('[id][name]')) names.set(element.getAttribute('id')!, element.getAttribute('name')!)
  }
  return (id) => names.get(id) || id
}

/** The numbers of the whole product: what runs, what has failed, what is late. */
export const useOverview = () =>
  useQuery({
    queryKey: ['incidents', 'overview'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/statistics', { signal })),
    refetchInterval: 15_000,
  })

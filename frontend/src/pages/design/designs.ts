import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { api, data, tagged, type Schemas } from '@/api/client'
import { ProblemError } from '@/api/problem'
import { i18n } from '@/app/i18n'

export type Design = Schemas['Design']
export type Kind = 'bpmn' | 'dmn' | 'form'
/** What the rules say of a place in a design. */
export type Finding = Schemas['Detail']

/** Where in the console the designs of a kind are. */
export const places: Record<Kind, string> = { bpmn: 'processes', dmn: 'decisions', form: 'forms' }
export const pathOf = (kind: Kind, key: string, rest = '') => `/design/${places[kind]}/${encodeURIComponent(key)}${rest}`

const many = 100
const pages = 10 // that a search reads

/** All designs whose name, key or description has the words in it; the API has no search of its own. */
export async function findDesigns(kind: Kind, words: string, categoryId: string | undefined, signal?: AbortSignal): Promise<Design[]> {
  const wanted = words.trim().toLowerCase()
  const found: Design[] = []
  let cursor: string | undefined
  for (let n = 0; n < pages; n++) {
    const page = await data(api.GET('/api/v1/designs', { params: { query: { kind, categoryId, cursor, limit: many } }, signal }))
    found.push(...page.items.filter((d) => `${d.name} ${d.key} ${d.description}`.toLowerCase().includes(wanted)))
    cursor = page.nextCursor
    if (!cursor) break
  }
  return found
}

/** The design of a kind that has the key, with its content. It throws a problem 404 where there is none. */
export async function readDesign(kind: Kind, key: string, signal?: AbortSignal): Promise<{ data: Design; etag: string }> {
  const page = await data(api.GET('/api/v1/designs', { params: { query: { kind, key, limit: 1 } }, signal }))
  const found = page.items[0]
  if (!found) throw new ProblemError(404, { code: 'design_not_found', title: i18n.global.t('design.missing', { key }) })
  return tagged(api.GET('/api/v1/designs/{id}', { params: { path: { id: found.id } }, signal }))
}

/** A design as the server has it. Editors read it once: what is drawn must not be read over. */
export function useDesign(kind: Ref<Kind>, key: Ref<string>) {
  return useQuery({
    queryKey: ['design', kind, key],
    queryFn: ({ signal }) => readDesign(kind.value, key.value, signal),
    refetchOnWindowFocus: false,
  })
}

/** Categories by their place, and their names by id. */
export function useCategories() {
  const query = useQuery({
    queryKey: ['categories'],
    queryFn: async ({ signal }) => (await data(api.GET('/api/v1/categories', { params: { query: { limit: many } }, signal }))).items,
    staleTime: 5 * 60_000,
  })
  const list = computed(() => [...(query.data.value ?? [])].sort((a, b) => a.position - b.position))
  const name = (id?: string) => list.value.find((c) => c.id === id)?.name
  return { query, list, name }
}

/** The tone of a state. */
export const tones = { draft: 'plain', published: 'good', deprecated: 'warn', changed: 'accent' } as const

/** draft, published, deprecated, or changed: published, and saved since. */
export function stateOf(d: Design): keyof typeof tones {
  if (d.state === 'published' && d.publishedVersion !== d.version) return 'changed'
  return d.state as keyof typeof tones
}

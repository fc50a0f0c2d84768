import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { api, data, type Schemas } from '@/api/client'
import { queries } from '@/app/queries'
import { initials } from './pinyin'

export type Person = Schemas['Person']

/** Names that components on a page ask for within the same moment are asked for together. */
let waiting = new Map<string, ((p: Person | undefined) => void)[]>()
let timer = 0

async function flush() {
  const batch = waiting
  waiting = new Map()
  timer = 0
  const names = [...batch.keys()]
  for (let i = 0; i < names.length; i += 100) {
    const part = names.slice(i, i + 100)
    const found = await data(api.GET('/api/v1/people', { params: { query: { usernames: part.join(','), limit: 100 } } }))
      .then((page) => page.items)
      .catch(() => [])
    for (const name of part) {
      const person = found.find((p) => p.username === name)
      batch.get(name)?.forEach((tell) => tell(person))
    }
  }
}

function ask(username: string): Promise<Person | undefined> {
  return new Promise((tell) => {
    waiting.set(username, [...(waiting.get(username) ?? []), tell])
    timer ||= window.setTimeout(flush, 5)
  })
}

/** Who a username is. */
export function usePerson(username: Ref<string | null | undefined>) {
  return useQuery({
    queryKey: ['person', username],
    queryFn: async () => (await ask(username.value!)) ?? null,
    enabled: computed(() => Boolean(username.value)),
    staleTime: 10 * 60_000,
  })
}

const most = 1000 // people whom initials are looked for among

/** The directory, as far as it is searched by initials; read when somebody types some. */
const directory = () =>
  queries.fetchQuery({
    queryKey: ['people', 'directory'],
    queryFn: async () => {
      const all: Person[] = []
      for (let cursor: string | undefined; all.length < most; ) {
        const page = await data(api.GET('/api/v1/people', { params: { query: { limit: 100, cursor } } }))
        all.push(...page.items)
        if (!(cursor = page.nextCursor)) break
      }
      return all.map((person) => ({ person, letters: initials(person.displayName) }))
    },
    staleTime: 5 * 60_000,
  })

/** People whose name or username begins with the words, or whose name has these initials in pinyin. */
export async function findPeople(words: string, signal?: AbortSignal): Promise<Person[]> {
  const found = (await data(api.GET('/api/v1/people', { params: { query: { q: words, limit: 20 } }, signal }))).items
  if (found.length >= 20 || !/^[a-z]{1,6}$/i.test(words.trim())) return found
  const wanted = words.trim().toLowerCase()
  const more = (await directory()).filter((p) => p.letters.startsWith(wanted) && !found.some((f) => f.username === p.person.username))
  return [...found, ...more.map((p) => p.person)].slice(0, 20)
}

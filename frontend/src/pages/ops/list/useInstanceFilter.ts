import { computed } from 'vue'
import type { Schemas } from '@/api/client'
import { useUrlState } from '@/ui/useUrlState'

type Condition = Schemas['Condition']

/** The value of a variable as a person writes it: a number, true, false or null are these, everything else is a text. */
export function valueOf(text: string): unknown {
  if (/^(true|false|null|-?\d+(\.\d+)?)$/.test(text.trim())) return JSON.parse(text)
  return text
}

/** What is searched for, kept in the address; `batch` is the same for an operation on all that is found, where the API can say it. */
export function useInstanceFilter() {
  const process = useUrlState('process', '')
  const definition = useUrlState('definition', '')
  const state = useUrlState('state', '')
  const businessKey = useUrlState('key', '')
  const starter = useUrlState('starter', '')
  const from = useUrlState('from', '')
  const to = useUrlState('to', '')
  const variable = useUrlState('variable', '')
  const operator = useUrlState('operator', 'eq')
  const value = useUrlState('value', '')

  const parameters = computed(() => {
    const all = { processKey: process.value, definitionId: definition.value, state: state.value, starter: starter.value }
    return Object.fromEntries(Object.entries({ view: 'all', ...all }).filter(([, v]) => v)) as Record<string, string>
  })
  const conditions = computed(() => {
    const list: Condition[] = []
    if (businessKey.value) list.push({ field: 'businessKey', operator: 'prefix', value: businessKey.value })
    if (from.value) list.push({ field: 'startedAt', operator: 'ge', value: new Date(from.value + 'T00:00').toISOString() })
    if (to.value) list.push({ field: 'startedAt', operator: 'lt', value: new Date(new Date(to.value + 'T00:00').getTime() + 86_400_000).toISOString() })
    if (variable.value && (value.value !== '' || operator.value === 'exists')) {
      list.push({ variable: variable.value, operator: operator.value as Condition['operator'], value: operator.value === 'exists' ? true : valueOf(value.value) })
    }
    return list
  })
  const search = computed(() => ({ parameters: parameters.value, condition: conditions.value.length ? { all: conditions.value } : undefined }))
  const batch = computed(() => {
    const { view: _, ...filter } = parameters.value
    return conditions.value.length || Object.keys(filter).length === 0 ? undefined : (filter as Schemas['BatchFilter'])
  })
  return { process, definition, state, businessKey, starter, from, to, variable, operator, value, search, batch }
}

export type InstanceFilter = ReturnType<typeof useInstanceFilter>

import { computed, type Ref } from 'vue'
import type { Schemas } from '@/api/client'

type Mark = 'done' | 'active' | 'failed'

/** How the nodes and flows of a diagram are coloured, by what has happened there. */
export function useMarks(activity: Ref<Schemas['Activity'][] | undefined>, failed: Ref<string[]>) {
  return computed(() => {
    const marks: Record<string, Mark> = {}
    for (const a of activity.value ?? []) {
      if (a.flowId) marks[a.flowId] = 'done'
      if (a.leftAt === null) marks[a.nodeId] = 'active'
      else if (marks[a.nodeId] !== 'active') marks[a.nodeId] = 'done'
    }
    for (const node of failed.value) marks[node] = 'failed'
    return marks
  })
}

import type { Moddle } from '../process/modeler'
import type { Group } from './fields'
import { event, flow, gateway, general, initiator, process } from './flow'
import { approvals, assignment, forms, timeouts } from './people'
import { call, listeners, multi, parameters, script, technical, work } from './work'

const all: Group[] = [general, process, assignment, approvals, forms, timeouts, event, initiator, work, script, call, gateway, flow, multi, parameters, technical, listeners]

/** The groups of an element, with the fields that it has now. They are new objects each time, so that what they read is read again. */
export function groupsOf(element: Moddle): Group[] {
  return all.filter((g) => g.when(element)).map((g) => ({ ...g, fields: g.fields.filter((f) => f.when?.(element) ?? true).map((f) => ({ ...f })) })).filter((g) => g.fields.length > 0)
}

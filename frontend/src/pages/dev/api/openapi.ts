import { load } from 'js-yaml'
import { send } from '@/api/client'

export interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  enum?: unknown[]
  allOf?: Schema[]
  oneOf?: Schema[]
  anyOf?: Schema[]
  additionalProperties?: boolean | Schema
  minimum?: number
  maximum?: number
  default?: unknown
  pattern?: string
}
export interface Parameter {
  $ref?: string
  name: string
  in: 'query' | 'path' | 'header'
  required?: boolean
  description?: string
  schema?: Schema
}
interface Content {
  schema?: Schema
  example?: unknown
}
interface Answer {
  $ref?: string
  description?: string
  content?: Record<string, Content>
}
interface RawOperation {
  operationId: string
  summary?: string
  description?: string
  tags?: string[]
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Record<string, Content> }
  responses: Record<string, Answer>
  security?: Record<string, string[]>[]
}
export interface Openapi {
  info: { title: string; description: string }
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, RawOperation>>
  components: Record<string, Record<string, unknown>>
}
/** An operation with all of its parameters and answers, and the permissions that it asks for. */
export interface Operation {
  id: string
  method: string
  path: string
  tag: string
  summary: string
  description: string
  parameters: Parameter[]
  body?: { type: string; schema?: Schema; example?: unknown; required: boolean }
  answers: { status: string; description: string; schema?: Schema; example?: unknown }[]
  permissions: string[]
  open: boolean
}

/** Reads a description that the product serves: openapi.yaml or asyncapi.yaml. */
export async function readYaml<T>(path: string): Promise<T> {
  const response = await send(new Request(new URL(path, location.origin)))
  return load(await response.text()) as T
}
export const readOpenapi = () => readYaml<Openapi>('/openapi.yaml')

/** What a reference within the document names. */
export function resolve<T extends { $ref?: string }>(document: { components?: unknown }, one: T): T {
  if (!one.$ref) return one
  let found: unknown = document
  for (const part of one.$ref.replace('#/', '').split('/')) found = (found as Record<string, unknown>)[part]
  return found as T
}

const json = (content?: Record<string, Content>) => Object.entries(content ?? {})[0]

function operation(document: Openapi, path: string, method: string, raw: RawOperation, shared: Parameter[]): Operation {
  const body = json(raw.requestBody?.content)
  return {
    id: raw.operationId,
    method,
    path,
    tag: raw.tags?.[0] ?? '',
    summary: raw.summary ?? '',
    description: (raw.description ?? '').replace(/^Needs the permission .*\.$/m, '').trim(),
    parameters: [...shared, ...(raw.parameters ?? [])].map((p) => resolve(document, p)),
    body: body && { type: body[0], schema: body[1].schema, example: body[1].example, required: raw.requestBody?.required ?? false },
    answers: Object.entries(raw.responses).map(([status, ref]) => {
      const answer = resolve(document, ref)
      const content = json(answer.content)?.[1]
      return { status, description: answer.description ?? '', schema: content?.schema, example: content?.example }
    }),
    permissions: (raw.security ?? []).flatMap((s) => s.bearer ?? []),
    open: !raw.security || raw.security.length === 0,
  }
}

const methods = ['get', 'post', 'put', 'patch', 'delete']

/** Every operation of the document, in its order. */
export function operations(document: Openapi): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) => {
    const shared = ((item as unknown as { parameters?: Parameter[] }).parameters ?? []) as Parameter[]
    return methods.filter((m) => item[m]).map((m) => operation(document, path, m, item[m]!, shared))
  })
}

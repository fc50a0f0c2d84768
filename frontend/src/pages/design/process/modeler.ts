import type Modeler from 'bpmn-js/lib/Modeler'
import { diomModdle } from './diom'
import { restriction } from './restrict'
import { translation } from '../translation'

/** An element of BPMN as moddle has it. */
export interface Moddle {
  $type: string
  $parent?: Moddle
  $instanceOf: (type: string) => boolean
  get: (name: string) => unknown
  set: (name: string, value: unknown) => void
  id: string
  [property: string]: unknown
}
/** An element of the canvas. */
export interface Drawn {
  id: string
  type: string
  businessObject: Moddle
  parent?: Drawn
  children?: Drawn[]
  incoming?: Drawn[]
  outgoing?: Drawn[]
  labelTarget?: Drawn
  host?: Drawn
}
export interface Registry {
  get: (id: string) => Drawn | undefined
  filter: (test: (e: Drawn) => boolean) => Drawn[]
}
export interface Canvas {
  zoom: (level?: number | 'fit-viewport', center?: 'auto') => number
  viewbox: (box?: object) => { x: number; y: number; width: number; height: number; scale: number }
  addMarker: (id: string, marker: string) => void
  removeMarker: (id: string, marker: string) => void
  getRootElement: () => Drawn
  scrollToElement: (e: Drawn, padding?: object) => void
}
export interface Modeling {
  updateProperties: (element: Drawn, properties: object) => void
  updateModdleProperties: (element: Drawn, moddle: Moddle, properties: object) => void
}
export interface CommandStack {
  canUndo: () => boolean
  canRedo: () => boolean
  undo: () => void
  redo: () => void
  _stackIdx: number
}
export interface Bus {
  on: (event: string | string[], listen: (e: Record<string, never> & { element?: Drawn; newSelection?: Drawn[] }) => void) => void
  off: (event: string | string[], listen: (e: never) => void) => void
  fire: (event: string, data?: object) => void
}

/** The room around a diagram: the palette covers the left of it. */
const room = { left: 90, right: 40, top: 40, bottom: 60 }

/** Makes bpmn-js with our elements, words and restrictions. Its code is loaded here. */
export async function createModeler(container: HTMLElement): Promise<Modeler> {
  const [{ default: BpmnModeler }, camunda, { default: minimap }] = await Promise.all([
    import('bpmn-js/lib/Modeler'),
    import('camunda-bpmn-moddle/resources/camunda.json'),
    import('diagram-js-minimap'),
    import('diagram-js-minimap/assets/diagram-js-minimap.css'),
    import('bpmn-js/dist/assets/diagram-js.css'),
    import('bpmn-js/dist/assets/bpmn-js.css'),
    import('bpmn-js/dist/assets/bpmn-font/css/bpmn.css'),
  ])
  const words = await translation('bpmn')
  return new BpmnModeler({
    container,
    additionalModules: [{ translate: ['value', words] }, restriction, minimap],
    moddleExtensions: { camunda: (camunda as { default?: object }).default ?? camunda, diom: diomModdle },
  } as never)
}

/** Shows the whole diagram, never larger than it is, beside the palette. */
export function fit(modeler: Modeler) {
  const canvas = modeler.get<Canvas>('canvas')
  canvas.zoom('fit-viewport', 'auto')
  const box = canvas.viewbox()
  const inner = (box as unknown as { inner: { x: number; y: number; width: number; height: number }; outer: { width: number; height: number } })
  const width = inner.outer.width - room.left - room.right
  const height = inner.outer.height - room.top - room.bottom
  if (width <= 0 || height <= 0 || inner.inner.width <= 0) return
  const scale = Math.min(1, width / inner.inner.width, height / inner.inner.height)
  canvas.viewbox({
    x: inner.inner.x - (room.left + (width - inner.inner.width * scale) / 2) / scale,
    y: inner.inner.y - (room.top + (height - inner.inner.height * scale) / 2) / scale,
    width: inner.outer.width / scale,
    height: inner.outer.height / scale,
  })
}

// The palette, the menu beside an element and the menu of replacements offer what the engine runs, and nothing else.

interface Entry {
  group?: string
  className?: string
  title?: string
  separator?: boolean
  action?: Record<string, (event: Event, ...rest: unknown[]) => void>
}
type Entries = Record<string, Entry>
type Translate = (text: string) => string
interface Registry {
  registerProvider: (...args: unknown[]) => void
}
interface Factory {
  createShape: (attributes: object) => unknown
}
interface Create {
  start: (event: Event, shape: unknown, context?: object) => void
}
interface Place {
  append: (source: unknown, shape: unknown) => void
}

/** Entries of bpmn-js that ask for what the engine refuses, or reads without an effect. */
export const refused = /complex-gateway|ad-?hoc|data-(object|store)|toggle-is-collection|toggle-participant-multiplicity|collapsed-pool/

const late = 300 // after the providers of bpmn-js, which have 1000

const without = (entries: Entries): Entries => Object.fromEntries(Object.entries(entries).filter(([id]) => !refused.test(id)))

function Palette(this: unknown, palette: Registry, create: Create, elementFactory: Factory, translate: Translate) {
  const entry = (type: string, group: string, className: string, title: string): Entry => {
    const begin = (event: Event) => create.start(event, elementFactory.createShape({ type }))
    return { group, className, title: translate(title), action: { dragstart: begin, click: begin } }
  }
  palette.registerProvider(late, {
    getPaletteEntries: () => (entries: Entries) => {
      const kept = without(entries)
      delete kept['create.task']
      return {
        ...kept,
        'create.parallel-gateway': entry('bpmn:ParallelGateway', 'gateway', 'bpmn-icon-gateway-parallel', 'Create parallel gateway'),
        'create.user-task': entry('bpmn:UserTask', 'activity', 'bpmn-icon-user-task', 'Create user task'),
        'create.service-task': entry('bpmn:ServiceTask', 'activity', 'bpmn-icon-service-task', 'Create service task'),
      }
    },
  })
}
Palette.$inject = ['palette', 'create', 'elementFactory', 'translate']

function Replacements(this: unknown, popupMenu: Registry) {
  const provider = {
    getPopupMenuEntries: () => without,
    getPopupMenuHeaderEntries: () => without,
  }
  popupMenu.registerProvider('bpmn-replace', late, provider)
}
Replacements.$inject = ['popupMenu']

function Beside(this: unknown, contextPad: Registry, autoPlace: Place, create: Create, elementFactory: Factory, translate: Translate) {
  contextPad.registerProvider(late, {
    getContextPadEntries: (source: unknown) => (entries: Entries) => {
      const kept = without(entries)
      if (!kept['append.append-task']) return kept
      const shape = () => elementFactory.createShape({ type: 'bpmn:UserTask' })
      kept['append.append-task'] = {
        group: 'model',
        className: 'bpmn-icon-user-task',
        title: translate('Append user task'),
        action: { click: () => autoPlace.append(source, shape()), dragstart: (event) => create.start(event, shape(), { source }) },
      }
      return kept
    },
  })
}
Beside.$inject = ['contextPad', 'autoPlace', 'create', 'elementFactory', 'translate']

/** The module of bpmn-js that restricts what can be drawn. */
export const restriction = {
  __init__: ['diomPalette', 'diomReplacements', 'diomBeside'],
  diomPalette: ['type', Palette],
  diomReplacements: ['type', Replacements],
  diomBeside: ['type', Beside],
}

/** A flow node of a model. */
export interface FlowNode {
  id: string
  type: string
}

const kinds = /(Task|Event|Gateway|^subProcess|^callActivity|^transaction|^adHocSubProcess|^task)$/i

/** The flow nodes of a model that a mapping can be about, in its order. */
export function nodesOf(xml: string | undefined): FlowNode[] {
  if (!xml) return []
  const document = new DOMParser().parseFromString(xml, 'application/xml')
  const process = document.getElementsByTagNameNS('*', 'process')[0]
  return [...(process?.getElementsByTagName('*') ?? [])]
    .filter((e) => e.hasAttribute('id') && e.namespaceURI?.includes('BPMN') && kinds.test(e.localName))
    .map((e) => ({ id: e.getAttribute('id')!, type: e.localName }))
}

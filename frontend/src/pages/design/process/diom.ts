const text = (name: string) => ({ name, isAttr: true, type: 'String' })
const truth = (name: string) => ({ name, isAttr: true, type: 'Boolean' })

/** Our own elements of BPMN, as moddle reads and writes them. docs/approvals.md, forms.md and service-tasks.md say what they mean. */
export const diomModdle = {
  name: 'DIOM',
  prefix: 'diom',
  uri: 'https://diom.io/schema/bpmn/1.0',
  xml: { tagAlias: 'lowerCase' },
  associations: [],
  types: [
    {
      name: 'Approval',
      superClass: ['Element'],
      meta: { allowedIn: ['bpmn:UserTask', 'bpmn:Process'] },
      properties: [
        ...['mode', 'signers', 'weights', 'result', 'empty', 'emptyTo', 'starter', 'again', 'copyTo', 'allow', 'withdraw'].map(text),
        { ...text('ratio'), type: 'Integer' },
        { ...text('maxSigners'), type: 'Integer' },
        truth('veto'),
        truth('bulk'),
      ],
    },
    { name: 'Timeout', superClass: ['Element'], meta: { allowedIn: ['bpmn:UserTask'] }, properties: [text('after'), text('do'), text('to'), truth('working')] },
    { name: 'Copy', superClass: ['Element'], meta: { allowedIn: ['bpmn:UserTask'] }, properties: [text('to')] },
    { name: 'Fields', superClass: ['Element'], meta: { allowedIn: ['bpmn:UserTask', 'bpmn:StartEvent'] }, properties: [text('default'), { name: 'field', type: 'Field', isMany: true }] },
    { name: 'Field', superClass: ['Element'], properties: [text('name'), text('access'), truth('required')] },
    { name: 'Request', superClass: ['Element'], meta: { allowedIn: ['bpmn:Process'] }, properties: [text('number'), text('summary')] },
    { name: 'FunctionTask', extends: ['bpmn:ServiceTask', 'bpmn:SendTask', 'bpmn:BusinessRuleTask'], properties: [text('function')] },
    { name: 'Searchable', extends: ['bpmn:Process'], properties: [text('searchVariables')] },
  ],
}

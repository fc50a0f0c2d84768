import type { Translation } from '@/app/i18n'
import type zh from '../zh/dev'

export default {
  name: 'Name', state: 'State', saved: 'Saved', deleted: '{name} is deleted', actionsOf: 'Actions for {name}', invent: 'Generate',
  api: {
    title: 'API', operations: 'Operations', tokens: 'API tokens', download: 'Download openapi.yaml', search: 'Path, words or permission', count: '{n} of {all} operations', back: 'Back to the list',
    required: 'required', fields: 'Fields', parameters: 'Parameters', body: 'Body', answers: 'Answers', answer: 'Answer', example: 'Example', open: 'Without a log-in', anybody: 'For everybody who has logged in', permission: 'Needs the permission {permission}',
    intro: 'Make a token on the tab "API tokens" and keep it in the variable DIOM_TOKEN: then copied commands work as they are.',
    send: 'Send', sendLead: 'It goes to this product as you. Changes are real.', notHere: 'This one cannot be tried on a page; use curl.', really: 'Send {method} {path}?', reallyText: 'It is done for real, as you.',
  },
  events: { title: 'Events', catalogue: 'Catalogue', search: 'Find an event', count: '{n} kinds of events' },
  sources: {
    title: 'Event sources', create: 'Register a source', edit: 'Edit source', source: 'Source', sourceHint: 'The attribute source of its events, exactly.', types: 'Types of events', typesHint: 'Left empty, they are those of the mappings.', keyId: 'Id of the key', keyIdHint: 'It is in the signature, so that keys can be changed.',
    key: 'Key', keyHint: 'The sender signs with it; 16 characters at least. It is not shown again.', keyKeep: 'Left empty, it stays.', keyOnce: 'Key saved', keyOnceText: 'The key is shown this once. Copy it and give it to the other system.',
    mappings: 'Mappings (JSON)', mappingsHint: 'They make messages of events: message, businessKey, correlationKeys, variables. Expressions see event and data.', none: 'No event source yet', lead: 'CloudEvents of other systems are taken when they are signed.',
    send: 'Send a test event', sendLead: 'Run it in a terminal with the key in the variable KEY. 202 says that it was taken.', remove: { title: 'Delete the source {name}?', text: 'Its events are refused (401) from then on. What was taken stays.' },
  },
  bindings: {
    title: 'Topic bindings', create: 'New binding', edit: 'Edit binding {name}', topic: 'Topic', topicHint: 'As service tasks of models name it; that of a function is function:<name>.', kind: 'Way', kinds: { url: 'Push to an address', event: 'Publish as event', builtin: 'Built-in' },
    target: 'Target', targetHint: 'An address to push to; the sink of events, or nothing for K_SINK; the name of a built-in.', headers: 'Headers', headersHint: 'A value, or the name of a file in DIOM_SECRETS_DIR.', headerName: 'Name', headerValue: 'Value', headerSecret: 'Secret file', addHeader: 'Add a header',
    timeout: 'Timeout (seconds)', result: 'Wait for results (seconds)', resultHint: 'How long the job is held after the answer 202.', retries: 'Attempts', keyHint: 'Signs with a key of its own; else with the internal key of the product.', enabledHint: 'Switched off, workers fetch the jobs of the topic.',
    none: 'No topic binding yet', lead: 'The product hands jobs of bound topics on; no worker fetches them.', remove: { title: 'Delete the binding of the topic {name}?', text: 'Jobs of the topic wait for a worker then.' },
  },
  webhooks: {
    title: 'Webhooks', create: 'New webhook', edit: 'Edit {name}', host: 'Host', url: 'Address', urlHint: 'Events are posted to it. It is not shown again. DIOM_HTTP_ALLOW has to allow addresses of the inner network.', keepUrl: 'The host is {host}. Left empty, the address stays.',
    secret: 'Signing secret', secretHint: 'Signatures are those of Standard Webhooks; the receiver checks them with it.', secretOnce: 'Signing secret', secretOnceText: 'It is shown this once. Copy it and give it to the receiver.', types: 'Types of events', processes: 'Processes', processesHint: 'Keys of processes; all where there are none.',
    none: 'No webhook yet', lead: 'Tells other systems of events. What fails is tried for about four hours.', deliveries: 'Deliveries', tested: 'Result of the test',
    replay: { open: 'Deliver again', title: 'Deliver to {name} again', since: 'Since', hint: 'The oldest first, 1,000 at most.', done: 'They will be delivered again' },
    rotate: { open: 'Change the secret', title: 'Change the secret of {name}', hours: 'Both are valid (hours)', hint: 'Until then both secrets sign, so that the receiver can change over.' },
    remove: { title: 'Delete the webhook {name}?', text: 'What waits for delivery is not sent, and its log is gone.' },
  },
} satisfies Translation<typeof zh>

import type { Translation } from '@/app/i18n'
import type zh from '../zh/resource'

export default {
  choose: 'Choose', tags: 'Type and press Enter', field: 'Field', theirs: 'Their change', mine: 'Yours', kept: 'I have kept it',
  stale: 'Somebody changed these fields while you were editing. Take their version, or save yours over it.', staleSame: 'Somebody saved it while you were editing, without changing a field. You can simply save again.',
  takeTheirs: 'Take their version', keepMine: 'Save mine', leave: 'Give up what is not saved?', leaveText: 'What you have typed is lost when you close this.', leaveAction: 'Give up',
  answer: 'The receiver’s answer', delivered: 'Delivered', refused: 'Not delivered',
  create: 'New', edit: 'Edit', enable: 'Enable', disable: 'Disable', enabled: 'Enabled', disabled: 'Disabled', test: 'Test', all: 'All', by: 'by', created: 'Created', updated: 'Changed',
  deliveries: {
    channel: 'Channel', type: 'Type', to: 'For', state: 'State', reason: 'Last result', attempts: 'Attempts', resend: 'Send again', resent: 'It will be sent again', none: 'Nothing was delivered yet',
    states: { waiting: 'Waiting', digest: 'For a digest', sent: 'Delivered', skipped: 'Left out', failed: 'Failed' },
  },
  tokens: {
    name: 'Name', nameHint: 'Say which system uses it, so that you know later.', prefix: 'Begins with', permissions: 'Permissions', permissionsHint: 'Only your own can be chosen. What you lose, the token loses.',
    lastUsed: 'Last used', expires: 'Expires', expiresHint: 'A year at most; 90 days where nothing is said.', state: 'State', states: { valid: 'Valid', expired: 'Expired', revoked: 'Revoked' },
    none: 'No API token yet', lead: 'For programs that call the API. They act as the owner.', create: 'New token', created: 'Token made', once: 'The token is shown this once. Copy it now, and keep it well.',
    revoke: { title: 'Revoke the token {name}?', text: 'Programs that use it cannot call the API any more, within two seconds. It cannot be undone.', action: 'Revoke', done: 'The token {name} is revoked' },
  },
} satisfies Translation<typeof zh>

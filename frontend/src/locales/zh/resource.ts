export default {
  choose: '请选择', tags: '输入后按回车', field: '字段', theirs: '他人的修改', mine: '您的内容', kept: '我已保存',
  stale: '您编辑期间，他人修改了以下字段。可以改用他人的版本，或者以您的内容保存。', staleSame: '您编辑期间他人保存过，但字段内容没有变化，可以直接再次保存。',
  takeTheirs: '使用他人的版本', keepMine: '以我的内容保存', leave: '放弃未保存的修改？', leaveText: '关闭后，刚才填写的内容不会保留。', leaveAction: '放弃修改',
  answer: '接收方的回答', delivered: '已送达', refused: '未送达',
  create: '新建', edit: '编辑', enable: '启用', disable: '停用', enabled: '启用', disabled: '已停用', test: '测试', all: '全部', by: '由', created: '创建时间', updated: '更新时间',
  deliveries: {
    channel: '渠道', type: '类型', to: '接收人', state: '状态', reason: '最近的结果', attempts: '次数', resend: '重新发送', resent: '已安排重新发送', none: '还没有投递记录',
    states: { waiting: '等待发送', digest: '待汇总', sent: '已送达', skipped: '未发送', failed: '失败' },
  },
  tokens: {
    name: '名称', nameHint: '写明用于哪个系统，方便日后辨认。', prefix: '开头', permissions: '权限', permissionsHint: '只能从自己的权限中选择；自己失去某项权限时，令牌也随之失去。',
    lastUsed: '最近使用', expires: '到期时间', expiresHint: '最长一年，不填为 90 天。', state: '状态', states: { valid: '有效', expired: '已过期', revoked: '已吊销' },
    none: '还没有 API 令牌', lead: '供程序调用 API 使用，以所有者的身份执行。', create: '新建令牌', created: '令牌已创建', once: '令牌只显示这一次，请立即复制并妥善保存。',
    revoke: { title: '吊销令牌 {name}？', text: '使用它的程序在两秒内无法再调用 API，且不能恢复。', action: '吊销', done: '令牌 {name} 已吊销' },
  },
}

export default {
  name: '名称', state: '状态', saved: '已保存', deleted: '{name} 已删除', actionsOf: '{name}的操作', invent: '生成',
  api: {
    title: 'API', operations: '接口', tokens: 'API 令牌', download: '下载 openapi.yaml', search: '按路径、说明或权限查找', count: '{n} / {all} 个接口', back: '返回列表',
    required: '必填', fields: '字段', parameters: '参数', body: '请求内容', answers: '应答', answer: '应答内容', example: '示例', open: '无需登录', anybody: '任何已登录用户均可调用', permission: '需要权限 {permission}',
    intro: '令牌在“API 令牌”页创建，放入环境变量 DIOM_TOKEN 后即可直接使用复制的命令。',
    send: '发送请求', sendLead: '以您的身份发送到本产品，修改会真实生效。', notHere: '此接口不适合在页面内试用，请使用 curl。', really: '发送 {method} {path}？', reallyText: '请求会以您的身份真实执行。',
  },
  events: { title: '事件', catalogue: '事件目录', search: '查找事件', count: '{n} 种事件' },
  sources: {
    title: '事件来源', create: '登记来源', edit: '编辑来源', source: '来源', sourceHint: '事件的 source 属性，须完全一致。', types: '事件类型', typesHint: '留空则取映射中的类型。', keyId: '密钥编号', keyIdHint: '写在签名中，便于更换密钥。',
    key: '密钥', keyHint: '发送方用它签名，至少 16 个字符。保存后不再显示。', keyKeep: '留空则保持不变。', keyOnce: '密钥已保存', keyOnceText: '密钥只显示这一次，请复制并配置到对方系统。',
    mappings: '映射（JSON）', mappingsHint: '把某类事件变成消息：message、businessKey、correlationKeys、variables，表达式可用 event 与 data。', none: '还没有登记事件来源', lead: '接收其他系统的 CloudEvents，签名后才被接受。',
    send: '发送测试事件', sendLead: '在终端运行，以环境变量 KEY 给出密钥。202 表示已接收。', remove: { title: '删除来源 {name}？', text: '它的事件将被拒绝（401），已接收的不受影响。' },
  },
  bindings: {
    title: '主题绑定', create: '新建绑定', edit: '编辑绑定 {name}', topic: '主题', topicHint: '与模型中服务任务的主题一致，函数的主题为 function:<名称>。', kind: '方式', kinds: { url: '推送到地址', event: '发布为事件', builtin: '内置处理' },
    target: '目标', targetHint: '推送为地址；事件为接收地址，留空则使用 K_SINK；内置为名称。', headers: '请求头', headersHint: '值，或 DIOM_SECRETS_DIR 中的密钥文件名，二者择一。', headerName: '名称', headerValue: '值', headerSecret: '密钥文件', addHeader: '添加请求头',
    timeout: '超时（秒）', result: '等待结果（秒）', resultHint: '接收方以 202 应答后，等待结果的时间。', retries: '尝试次数', keyHint: '用自己的密钥签名；不填则使用产品内部密钥。', enabledHint: '停用后，此主题的作业由工作者领取。',
    none: '还没有主题绑定', lead: '绑定的主题由产品主动推送，无需工作者领取。', remove: { title: '删除主题 {name} 的绑定？', text: '此主题的作业将等待工作者领取。' },
  },
  webhooks: {
    title: 'Webhook', create: '新建 Webhook', edit: '编辑 {name}', host: '主机', url: '地址', urlHint: '事件以 POST 发送到这里，保存后不再显示。内网地址需由 DIOM_HTTP_ALLOW 允许。', keepUrl: '当前主机：{host}。留空则保持不变。',
    secret: '签名密钥', secretHint: '按 Standard Webhooks 签名，接收方用它验证。', secretOnce: '签名密钥', secretOnceText: '密钥只显示这一次，请复制并配置到接收方。', types: '事件类型', processes: '流程', processesHint: '流程标识，留空则为全部流程。',
    none: '还没有 Webhook', lead: '事件发生时通知其他系统，失败会自动重试约四小时。', deliveries: '投递记录', tested: '测试结果',
    replay: { open: '重新投递', title: '向 {name} 重新投递', since: '起始时间', hint: '从最早的开始，一次最多 1000 条。', done: '已安排重新投递' },
    rotate: { open: '更换密钥', title: '更换 {name} 的密钥', hours: '新旧并用（小时）', hint: '在此期间以新旧两个密钥同时签名，便于接收方切换。' },
    remove: { title: '删除 Webhook {name}？', text: '等待中的投递不再发送，投递记录一并删除。' },
  },
}

package access

// Permission is what a route asks of its caller: one of the three below or a code of
// sys_permission.
type Permission string

// Public needs nothing, Authenticated a valid access token, Internal the signature of another
// function.
const (
	Public        Permission = "public"
	Authenticated Permission = "authenticated"
	Internal      Permission = "internal"
)

// The permission codes. Roles carry them; docs and the console's tree show them.
const (
	WorkflowStart      Permission = "WORKFLOW_START"      // start processes
	WorkflowStartFor   Permission = "WORKFLOW_START_FOR"  // start processes for others
	WorkflowTask       Permission = "WORKFLOW_TASK"       // one's own tasks
	WorkflowInstance   Permission = "WORKFLOW_INSTANCE"   // one's own instances
	WorkflowDefinition Permission = "WORKFLOW_DEFINITION" // read definitions and their XML
	WorkflowDesign     Permission = "WORKFLOW_DESIGN"     // draw and keep designs
	WorkflowDeploy     Permission = "WORKFLOW_DEPLOY"     // deploy, suspend, resume definitions
	WorkflowOperate    Permission = "WORKFLOW_OPERATE"    // see and repair every instance
	WorkflowAudit      Permission = "WORKFLOW_AUDIT"      // read every instance
	WorkflowJob        Permission = "WORKFLOW_JOB"        // fetch and complete jobs
	WorkflowMessage    Permission = "WORKFLOW_MESSAGE"    // correlate messages
	WorkflowHold       Permission = "WORKFLOW_HOLD"       // place and lift legal holds

	SysUser       Permission = "SYS_USER"
	SysRole       Permission = "SYS_ROLE"
	SysPermission Permission = "SYS_PERMISSION"
	SysDepartment Permission = "SYS_DEPARTMENT"
	SysGroup      Permission = "SYS_GROUP"
	SysSetting    Permission = "SYS_SETTING"
	SysAudit      Permission = "SYS_AUDIT"
	SysBackup     Permission = "SYS_BACKUP"
	SysErase      Permission = "SYS_ERASE" // erase a person's data
)

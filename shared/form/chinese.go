package form

// chinese are the details of ErrSubmission in Chinese, by their codes.
var chinese = map[string]string{
	CodeUnknown: "表单没有这个字段。", CodeHidden: "当前环节不显示该字段。", CodeReadOnly: "当前环节不能修改该字段。", CodeRequired: "该字段必填。",
	CodeType: "值的类型或格式不正确。", CodeLength: "内容长度不符合要求。", CodeRange: "数值或日期超出允许范围。", CodePattern: "内容格式不符合要求。",
	CodeChoice: "值不在可选项中。", CodeItems: "明细行数不符合要求。", CodeBudget: "表单中的表达式计算量过大。", CodeFile: "文件不存在，或不属于您。",
	CodePerson: "没有这个人员。", CodeDepartment: "没有这个部门。",
}

// CodeFile is the code of a detail about a file that is not there, or not the caller's.
const CodeFile = "file_unknown"

// Chinese returns what a detail with a code says in Chinese, empty for a code of something else.
func Chinese(code string) string { return chinese[code] }

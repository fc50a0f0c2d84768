package manifest

// ownerSecret is the address of MySQL as the migration needs it: with a user who may change the schema.
const ownerSecret = "diom-mysql-dsn-owner"

// migration is the Job that brings the schema to this version. Functions of a new version are unready
// until it is done. A Job cannot be changed: it removes itself, so that the next version can bring its
// own.
func migration() object {
	labels := labelsOf(migrator)
	return object{
		"apiVersion": "batch/v1", "kind": "Job",
		"metadata": object{"name": migrator, "labels": labels},
		"spec": object{
			"backoffLimit":            6,
			"ttlSecondsAfterFinished": 600,
			"template": object{
				"metadata": object{"labels": labels},
				"spec": object{
					"serviceAccountName":           migrator,
					"automountServiceAccountToken": false,
					"enableServiceLinks":           false,
					"restartPolicy":                "Never",
					"containers": []object{{
						"name": "migrate", "image": image, "args": []string{"migrate"},
						"resources": object{
							"limits":   object{"memory": "256Mi", "cpu": "500m"},
							"requests": object{"memory": "32Mi", "cpu": "50m"},
						},
						"securityContext": restricted(),
						"volumeMounts":    mounts(),
					}},
					"volumes": []object{
						{"name": "secrets", "projected": object{"sources": []object{secretSource(ownerSecret, "diom-mysql-dsn")}}},
						{"name": "tmp", "emptyDir": object{}},
					},
				},
			},
		},
	}
}

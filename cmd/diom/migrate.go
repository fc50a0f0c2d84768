package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"diom.io/workflow/migrations"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/telemetry"
)

var errNoDSN = errors.New("DIOM_MYSQL_DSN is not set and there is no secret diom-mysql-dsn: name a database, for example user:password@tcp(127.0.0.1:3306)/diom_workflow; DIOM_HOME names a local run")

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database schema to this version",
		Long:  "Applies the migrations that are missing to the database of DIOM_MYSQL_DSN. Several may run at once: one migrates, the others wait.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			useLocalSecrets()
			cfg, err := config.Load()
			if err != nil {
				return err
			}
			if cfg.MySQLDSN == "" {
				return errNoDSN
			}
			db, err := database.Open(cfg.MySQLDSN, database.Options{Pool: 2})
			if err != nil {
				return err
			}
			err = db.Migrate(cmd.Context(), migrations.Files, telemetry.New(os.Stderr, cfg.LogLevel).Log)
			if err = errors.Join(err, db.Close()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "the schema is up to date")
			return err
		},
	}
}

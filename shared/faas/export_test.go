package faas

import "diom.io/workflow/shared/cloudevent"

// Send is the Sender of an App's relay.
func Send(app *App) cloudevent.Sender { return app.sender() }

"""The scripts, by their names: functions of a Script."""
from . import externals, failures, forms, histories, messages, migrations, modifications, queries, suspensions, variables

ALL = {
    f"{module.__name__.rsplit('.', 1)[-1]}.{name}": function
    for module in (externals, failures, forms, histories, messages, migrations, modifications, queries, suspensions, variables)
    for name, function in vars(module).items()
    if callable(function) and not name.startswith("_") and function.__module__ == module.__name__
}

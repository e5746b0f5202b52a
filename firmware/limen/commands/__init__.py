"""What a gateway does when it is told to: a module for each verb (`limen.service.commands`)."""

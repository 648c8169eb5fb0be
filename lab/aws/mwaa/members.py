"""What calls of MWAA may say."""

from lab.aws.members import Members, listing

_SIZE = "Airflow runs once, on this computer"

_OF_ENVIRONMENTS = {
    "EnvironmentClass": _SIZE, "MaxWorkers": _SIZE, "MinWorkers": _SIZE, "Schedulers": _SIZE,
    "MaxWebservers": _SIZE, "MinWebservers": _SIZE,
    "NetworkConfiguration": "everything is on loopback", "WebserverAccessMode": "everything is on loopback",
    "LoggingConfiguration": "`python -m lab logs airflow` shows the logs",
}  # fmt: skip
"""Kept and told, and without effect."""

_SOFTWARE = {
    "PluginsS3Path", "RequirementsS3Path", "StartupScriptS3Path", "PluginsS3ObjectVersion",
    "RequirementsS3ObjectVersion", "StartupScriptS3ObjectVersion",
}  # fmt: skip

_OTHERS = {
    "AirflowConfigurationOptions", "KmsKey", "WeeklyMaintenanceWindowStart", "EndpointManagement",
    "IdentityCenterConfiguration", "Teams",
}  # fmt: skip

MWAA = {
    "CreateEnvironment": Members(
        {"Name", "ExecutionRoleArn", "SourceBucketArn", "DagS3Path", "AirflowVersion", "Tags", *_SOFTWARE},
        _OF_ENVIRONMENTS,
        _OTHERS,
    ),
    "UpdateEnvironment": Members(  # which refuses all but three members by itself
        {
            "Name", "ExecutionRoleArn", "SourceBucketArn", "DagS3Path", "AirflowVersion",
            "WorkerReplacementStrategy", *_SOFTWARE, *_OF_ENVIRONMENTS, *_OTHERS,
        }
        - {"KmsKey", "EndpointManagement"},
    ),
    **dict.fromkeys(("DeleteEnvironment", "GetEnvironment", "CreateWebLoginToken"), Members({"Name"})),
    "ListEnvironments": listing(upper=True),
    "InvokeRestApi": Members({"Name", "Path", "Method", "QueryParameters", "Body"}),
}  # fmt: skip
"""CreateCliToken is refused whatever it says."""

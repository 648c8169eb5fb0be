"""What calls of API Gateway's control plane may say; moto would keep most of it, and nobody would do as it says."""

from lab.aws.members import Members

_ADDRESS = {"restApiId", "resourceId", "httpMethod"}
_PATCHES = {"patchOperations", "patchOperations.op", "patchOperations.path", "patchOperations.value"}
_COPY = {"patchOperations.from"}
_CACHE = {"cacheClusterEnabled", "cacheClusterSize", "canarySettings", "tracingEnabled"}

LACKING = {
    "PutGatewayResponse": "gateway responses of one's own", "CreateAuthorizer": "authorizers: NONE and AWS_IAM are "
    "its kinds of authorization", "CreateDomainName": "domain names", "CreateBasePathMapping": "domain names",
    "CreateVpcLink": "VPC links", "ImportRestApi": "imports", "PutRestApi": "imports", "ImportApiKeys": "imports",
}  # fmt: skip
"""Operations that moto answers and that would have no effect, or would bring in what was not checked."""

API_GATEWAY = {
    "CreateRestApi": Members(
        {"name", "description", "version", "apiKeySource", "tags"},
        {"endpointConfiguration": "every API is on loopback"},
        {
            "cloneFrom", "binaryMediaTypes", "minimumCompressionSize", "policy", "disableExecuteApiEndpoint",
            "securityPolicy", "endpointAccessMode",
        },
    ),
    "CreateResource": Members({"restApiId", "parentId", "pathPart"}),
    "PutMethod": Members(
        {
            *_ADDRESS, "authorizationType", "apiKeyRequired", "operationName", "requestParameters",
            "requestValidatorId",
        },
        {"requestModels": "no request validator looks at bodies here"},
        {"authorizerId", "authorizationScopes"},
    ),
    "PutMethodResponse": Members(
        {*_ADDRESS, "statusCode", "responseParameters"}, {"responseModels": "they document; nothing is checked by them"}
    ),
    "PutIntegration": Members(
        {
            *_ADDRESS, "type", "uri", "integrationHttpMethod", "credentials", "requestParameters", "requestTemplates",
            "passthroughBehavior", "timeoutInMillis",
        },
        {"connectionType": "there is INTERNET alone: a VPC link is refused"},
        {
            "connectionId", "cacheNamespace", "cacheKeyParameters", "contentHandling", "tlsConfig",
            "responseTransferMode", "integrationTarget",
        },
    ),
    "PutIntegrationResponse": Members(
        {*_ADDRESS, "statusCode", "selectionPattern", "responseParameters", "responseTemplates"},
        refused={"contentHandling"},
    ),
    "CreateDeployment": Members(
        {"restApiId", "stageName", "stageDescription", "description", "variables"}, refused=_CACHE
    ),
    "CreateStage": Members(
        {"restApiId", "stageName", "deploymentId", "description", "variables", "tags"},
        refused={*_CACHE, "documentationVersion"},
    ),
    "CreateRequestValidator": Members({"restApiId", "name", "validateRequestParameters", "validateRequestBody"}),
    "CreateApiKey": Members(
        {"name", "description", "enabled", "value", "customerId", "tags"},
        {"generateDistinctId": "id and value differ"},
        {"stageKeys"},
    ),
    "CreateUsagePlan": Members(  # which refuses limits by itself, of more than nought
        {
            "name", "description", "tags", "apiStages", "apiStages.apiId", "apiStages.stage", "apiStages.throttle",
            "throttle", "throttle.burstLimit", "throttle.rateLimit", "quota", "quota.limit", "quota.offset",
            "quota.period",
        }
    ),
    "CreateUsagePlanKey": Members({"usagePlanId", "keyId", "keyType"}),
    "TestInvokeMethod": Members(
        {*_ADDRESS, "pathWithQueryString", "body", "headers", "stageVariables"},
        refused={"multiValueHeaders", "clientCertificateId"},
    ),
    **dict.fromkeys(("UpdateMethod", "UpdateIntegration"), Members({*_ADDRESS, *_PATCHES}, refused=_COPY)),
    **dict.fromkeys(
        ("UpdateMethodResponse", "UpdateIntegrationResponse"),
        Members({*_ADDRESS, "statusCode", *_PATCHES}, refused=_COPY),
    ),
    "UpdateResource": Members({"restApiId", "resourceId", *_PATCHES}, refused=_COPY),
    "UpdateStage": Members({"restApiId", "stageName", *_PATCHES}, refused=_COPY),
    "UpdateRestApi": Members({"restApiId", *_PATCHES}, refused=_COPY),
    "UpdateRequestValidator": Members({"restApiId", "requestValidatorId", *_PATCHES}, refused=_COPY),
    "UpdateUsagePlan": Members({"usagePlanId", *_PATCHES}, refused=_COPY),
    "DeleteMethod": Members(_ADDRESS),
    "DeleteResource": Members({"restApiId", "resourceId"}),
    "DeleteStage": Members({"restApiId", "stageName"}),
    "DeleteDeployment": Members({"restApiId", "deploymentId"}),
}  # fmt: skip
"""Operations with rules of the lab's own; the others read, or delete what their address names."""

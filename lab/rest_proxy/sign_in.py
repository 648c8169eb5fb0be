"""Make the tokens with which Kafka clients sign in: presigned requests, made from AWS credentials."""

import time

import botocore.session
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError

from lab.rest_proxy.errors import StartError
from lab.rest_proxy.login_module import LoginModule

RENEW_SECONDS = 300
"""How long a token is used. It is good for 15 minutes, but not longer than temporary credentials behind it, which
botocore renews 10 minutes before their end."""


class SignInError(StartError):
    """No credentials are to be had; the text says why, and never holds a secret."""


class Tokens:
    """Signs in for one login module; safe to use from several threads.

    Parameters
    ----------
    login : LoginModule
        Whose credentials to use.
    region : str
        AWS region of the cluster.

    Raises
    ------
    SignInError
        If this machine has no credentials.
    """

    def __init__(self, login: LoginModule, region: str):
        self._login = login
        self._region = region
        session = botocore.session.get_session()
        try:
            own = session.get_credentials()
        except BotoCoreError as error:
            raise SignInError(f"The machine's own credentials cannot be fetched: {error}.") from error
        if not own:
            raise SignInError(
                "No AWS credentials were found. Attach an instance profile to the machine, "
                "or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        self._credentials = self._of_role(session, own) if login.role_arn else own

    def _of_role(self, session: botocore.session.Session, own: Credentials) -> DeferredRefreshableCredentials:
        settings = Config(connect_timeout=3, read_timeout=5, retries={"max_attempts": 1})
        region = self._login.sts_region or self._region

        def client(*arguments: object, **keywords: object) -> object:
            return session.create_client(*arguments, **keywords, region_name=region, config=settings)

        wanted = {"RoleSessionName": self._login.session_name}
        fetcher = AssumeRoleCredentialFetcher(client, own, self._login.role_arn, wanted)
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")

    def whose(self) -> str:
        """Name the credentials in words."""
        return f"role {self._login.role_arn}" if self._login.role_arn else "this machine's own credentials"

    def token(self) -> tuple[str, float]:
        """Sign a token.

        Returns
        -------
        str
            The token, as good as a password while it lasts.
        float
            When to make a new one, in seconds since the epoch.

        Raises
        ------
        SignInError
            If the credentials cannot be renewed, or the role may not be assumed.
        """
        try:
            frozen = self._credentials.get_frozen_credentials()
        except ClientError as error:
            raise self._refused(error.response["Error"]) from error
        except BotoCoreError as error:
            raise SignInError(f"The credentials of {self.whose()} cannot be fetched: {error}.") from error
        provider = _Fixed(Credentials(frozen.access_key, frozen.secret_key, frozen.token))
        token, end_ms = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(self._region, provider)
        return token, min(end_ms / 1000, time.time() + RENEW_SECONDS)

    def _refused(self, error: dict[str, str]) -> SignInError:
        return SignInError(
            f"STS does not hand out {self._login.role_arn}: {error.get('Message') or error.get('Code')}. "
            "Does the role exist, does its trust policy name who asks, and are this machine's credentials right?"
        )


class _Fixed(CredentialProvider):
    """Hands ready credentials to the signer, which takes them from a provider alone."""

    def __init__(self, credentials: Credentials):
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials

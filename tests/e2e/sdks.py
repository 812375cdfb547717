"""The vendors' own clients, and a gateway before one upstream of each vendor: what the tests of tools share."""
import anthropic
import boto3
import openai
from botocore.config import Config

import bedrock
import claude
from conftest import provider
from imposter import PROVIDER_KEY

GPT, CLAUDE, MODEL = "imposter-1", "claude-imposter-1", "maker.imposter-v1:0"
ENVIRONMENT = bedrock.ENVIRONMENT | {"CLAUDE_API_KEY": claude.CLAUDE_KEY, "IMPOSTER_API_KEY": PROVIDER_KEY}


def configuration(upstreams) -> str:
    """A [[provider]] for each of the fixture `upstreams`."""
    return (provider(upstreams["gpt"]) + claude.provider(upstreams["claude"]) +
            bedrock.provider(upstreams["bedrock"]))


def gpt_of(gateway, key):
    return openai.OpenAI(api_key=key["key"], base_url=gateway.base_url, max_retries=0, timeout=20)


def claude_of(gateway, key):
    return anthropic.Anthropic(api_key=key["key"], base_url=gateway.url, max_retries=0, timeout=20)


def bedrock_of(gateway, key):
    return boto3.Session().client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=gateway.url, aws_access_key_id=key["key"],
        aws_secret_access_key="unused", config=Config(read_timeout=20, retries={"total_max_attempts": 1}))

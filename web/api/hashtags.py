"""`/v1/hashtags`, and rules on them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ... import assembly
from ..openapi import problems, takes
from ..schemas import HashtagsDocument, RuleRequest, RulesDocument
from .dependencies import TheService, read_request

router = APIRouter(tags=["hashtags"], responses=problems(404, 415))


@router.get("/v1/hashtags", response_model=HashtagsDocument)
async def list_hashtags(
    service: TheService,
    prefix: Annotated[str, Query(max_length=100, description="Only those that begin so, in any spelling.")] = "",
    count: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 50,
) -> Any:
    """List hashtags of the archive, the most used first."""
    known = await run_in_threadpool(service.recommender.hashtags, prefix, count)
    return {"hashtags": [hashtag.to_json() for hashtag in known]}


@router.get("/v1/rules", response_model=RulesDocument)
async def list_rules(service: TheService) -> Any:
    """List your rules on hashtags."""
    rules, shipped = await service.read(assembly.hashtag_rules)
    told = [{"hashtag": rule.hashtag, "kind": rule.kind, "target": rule.target} for rule in rules]
    return {"rules": told, "shipped": shipped}


@router.post("/v1/rules", response_model=RulesDocument, openapi_extra=takes(RuleRequest, photos=False))
async def rule(request: Request, service: TheService) -> Any:
    """Block, allow or keep apart a hashtag, or remove your rule on it; the next suggestion follows it."""
    asked, _ = await read_request(request, RuleRequest, service)
    await service.write(apply_rule, asked)
    return await list_rules(service)


def apply_rule(home: "assembly.Home", asked: RuleRequest) -> None:
    """Store a rule, or remove one."""
    with assembly.rule_store(home) as rules:
        change = {"block": rules.block, "allow": rules.allow, "apart": rules.apart, "remove": rules.remove}
        change[asked.kind](asked.hashtag)

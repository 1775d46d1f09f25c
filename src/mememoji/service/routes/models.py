"""`GET /v1.0.0/model`: the card of the weights that answer."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mememoji.service.schemas import ModelAnswer, error_responses
from mememoji.service.state import Service, service_of

router = APIRouter(prefix="/v1.0.0", tags=["model"])


@router.get("/model", responses=error_responses(401, 429))
async def read_model(service: Annotated[Service, Depends(service_of)]) -> ModelAnswer:
    """The model card: what the network takes and gives, what it was trained on, and how good it is."""
    return ModelAnswer.model_validate(service.pool.analyzer.classifier.card.to_dict())

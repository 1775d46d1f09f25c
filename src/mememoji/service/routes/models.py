"""`/v1.0.0/model`: the card of the classifier's weights."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mememoji.service.schemas import ModelResponse, document_errors
from mememoji.service.state import AppState, get_state

router = APIRouter(prefix="/v1.0.0", tags=["model"])


@router.get("/model", responses=document_errors(401, 429))
async def get_model(state: Annotated[AppState, Depends(get_state)]) -> ModelResponse:
    """Return the model card: inputs, outputs, training data and scores of the network."""
    return ModelResponse.model_validate(state.pool.analyzer.classifier.card.to_dict())

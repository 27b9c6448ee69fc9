"""What every family of networks is: parameters with their limits, and the network they give."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from tuner.models.network import Form, Network, Output


class Family(BaseModel):
    """Parameters of one kind of network; fields carry their limits and what they mean.

    A field's description goes to the reference of search spaces, its limits are checked when a space is loaded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    form: ClassVar[Form] = "values"
    """What its networks' outputs are; a task wants one form."""

    @abstractmethod
    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network.

        Args:
            input_shape: of the features, without the batch.
            output: what the task wants the network to end in.

        Raises:
            BuildError: the parameters do not fit the input; the message says which and why.
        """

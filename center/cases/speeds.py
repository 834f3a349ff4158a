"""Speeds of machines by class, along the straight line, metres a second: generous on both sides on purpose."""

from typing import Final

from provisioning.contracts.wire.messages import MachineClass

FASTEST_MPS: Final = {
    MachineClass.BICYCLE: 10.0,
    MachineClass.MOTORCYCLE: 20.0,
    MachineClass.CAR: 33.0,
    MachineClass.BUS: 28.0,
    MachineClass.TRUCK: 28.0,
}
SLOWEST_MPS: Final = {
    MachineClass.BICYCLE: 2.0,
    MachineClass.MOTORCYCLE: 3.0,
    MachineClass.CAR: 4.0,
    MachineClass.BUS: 4.0,
    MachineClass.TRUCK: 4.0,
}

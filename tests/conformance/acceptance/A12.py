"""Meshes from open files."""

import wandb

run = wandb.init(project="A12", id="a")
run.log({"meshes": [wandb.Object3D(open(name)) for name in ("mesh.obj", "mesh.gltf", "mesh.glb")]})
run.finish()

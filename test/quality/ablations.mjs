/** Each ingredient of the presets, and the settings that leave it out. */
export const ablations = {
  "robust scaling with smooth clipping": ["scale.inputs=standard"],
  "PBLD embeddings": ["model.numericEmbedding=none"],
  "embeddings of categories": ["model.categories.oneHotUpTo=1000"],
  "learned scaling layer": ["model.scaling=false"],
  "parametric activations": ["model.parametric=false"],
  "neural-tangent parametrization": ["model.parametrization=standard", "training.optimizer.learningRate=0.002"],
  "data-driven initialization": ["model.initializer=lecunNormal"],
  dropout: ["model.dropout=0"],
  "weight decay": ["training.optimizer.weightDecay=0"],
  "β₂ = .95": ["training.optimizer.betas=[0.9,0.999]"],
  "coslog4 (cosine instead)": ["training.schedule.learningRate=cosine"],
  "bagging (one member)": ["model.members=1"],
  clamping: ["scale.clamp=false"],
  calibration: ["training.calibrate=false"],
};

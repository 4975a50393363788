/** Each ingredient of the presets, and the settings that leave it out. */
export const ablations = {
  "robust scaling with smooth clipping": ["scale.inputs=standard"],
  "learned scaling layer": ["model.scaling=false"],
  "parametric activations": ["model.parametric=false"],
  dropout: ["model.dropout=0"],
  "weight decay": ["training.optimizer.weightDecay=0"],
  "β₂ = .95": ["training.optimizer.betas=[0.9,0.999]"],
  "coslog4 (cosine instead)": ["training.schedule.learningRate=cosine"],
};
